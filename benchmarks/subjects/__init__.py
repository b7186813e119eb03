"""What naftiko-run is compared with: one small app in each file, all served by the same uvicorn command."""
