"""Tests of traces, metrics and logs."""
