"""``naftiko-run`` and ``naftiko run``: the options; ``cli.run`` runs the command."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from naftiko_run.cli import bootstrap
from naftiko_run.cli.parameters import EnvFiles, Files, Version

EPILOG = """\b
Examples:
  naftiko-run capabilities/pipelines-track.yaml --sandbox
  naftiko-run my.yaml --port rest=8081 --port mcp=9091
  naftiko-run my.yaml --base-uri my-api=http://127.0.0.1:9999/v1
  naftiko-run capabilities/ --host 0.0.0.0
  naftiko-run github:owner/repository/my.yaml@v1
  naftiko-run my.yaml --stdio
  naftiko-run my.yaml --control
"""


def serve_documents(
    files: Files,
    *,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Send nothing: answer every consumed call in the process, and show the request."
        ),
    ] = False,
    base_uri: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAMESPACE=URL", help="Override the base URI of a consumed namespace. Repeatable."
        ),
    ] = None,
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Listen on this address. [env: NAFTIKO_HOST; default: the document's, else 127.0.0.1]",
            show_default=False,
        ),
    ] = "",
    port: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADAPTER=PORT",
            help="Port of an adapter, by its type or namespace. Repeatable. "
            "[env: NAFTIKO_PORT_<ADAPTER>; default: the document's]",
            show_default=False,
        ),
    ] = None,
    env_file: EnvFiles = None,
    include: Annotated[
        list[str] | None,
        typer.Option(
            metavar="GLOB",
            help="Serve only tools, routes, resources and prompts that match: NAME, NAMESPACE.NAME or "
            "'METHOD /path'. Repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Serve nothing that matches. Repeatable.")
    ] = None,
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="Serve only read-only operations: marked `readOnly` or `safe`, or calling only GET, HEAD and OPTIONS.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Refuse to start if a credential is missing or part of a document cannot be served.",
        ),
    ] = False,
    timeout: Annotated[
        str,
        typer.Option(
            metavar="SECONDS",
            help="Timeout of a call until the response is complete; of a streamed response, of each chunk.",
        ),
    ] = "30",
    max_connections: Annotated[
        str, typer.Option(metavar="N", help="Maximum number of connections to all upstreams, per process.")
    ] = "512",
    max_connections_per_origin: Annotated[
        str, typer.Option(metavar="N", help="Maximum number of connections to one upstream, per process.")
    ] = "256",
    max_body: Annotated[
        str, typer.Option(metavar="SIZE", help="Maximum request body size, such as 10MiB or 500KB.")
    ] = "10MiB",
    max_result: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Maximum size of MCP results, such as 100KB; longer ones are truncated by their structure. [default: no limit]",
            show_default=False,
        ),
    ] = "",
    max_response: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Maximum size of a response of an upstream in memory, before and after decompression.",
        ),
    ] = "64MiB",
    tools: Annotated[
        Literal["all", "lazy"],
        typer.Option(help="List all tools to MCP clients, or only `search_tools` and `call_tool`."),
    ] = "all",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A host name that clients can use besides the address. Repeatable."
        ),
    ] = None,
    stdio: Annotated[
        bool,
        typer.Option(
            "--stdio",
            help="Serve one adapter on stdin and stdout, REST operations as MCP tools, and listen on no port.",
        ),
    ] = False,
    adapter: Annotated[
        str,
        typer.Option(
            metavar="NAMESPACE",
            help="The adapter to serve on stdin and stdout, if there are several.",
            show_default=False,
        ),
    ] = "",
    workers: Annotated[
        str,
        typer.Option(metavar="N", help="Number of processes that share the ports; `auto` for one per core."),
    ] = "1",
    reload: Annotated[
        bool,
        typer.Option(
            "--reload",
            help="Reload when a document, an import, a script, a schema or an .env file changes. SIGHUP reloads once.",
        ),
    ] = False,
    drain: Annotated[
        str,
        typer.Option(
            metavar="SECONDS",
            help="How long requests in flight may take to finish when the process stops or reloads.",
        ),
    ] = "30",
    drain_delay: Annotated[
        str,
        typer.Option(
            metavar="SECONDS",
            help="How long to accept connections after SIGTERM, while load balancers see that it is not ready.",
        ),
    ] = "0",
    prefix_routes: Annotated[
        bool,
        typer.Option(
            "--prefix-routes",
            help="Serve the routes of each REST adapter below its namespace: /NAMESPACE/path.",
        ),
    ] = False,
    control: Annotated[
        str | None,
        typer.Option(
            "--control",
            metavar="[PORT]",
            help="Serve health, status, metrics, traces, logs and settings of this process on 127.0.0.1, port 9095 unless "
            "another is given.",
            show_default=False,
        ),
    ] = None,
    http_server: Annotated[
        Literal["naftiko", "uvicorn"],
        typer.Option(
            envvar="NAFTIKO_HTTP_SERVER",
            help="HTTP/1.1 server: naftiko-run's own, or uvicorn's.",
        ),
    ] = "naftiko",
    http_client: Annotated[
        Literal["naftiko", "httpx"],
        typer.Option(
            envvar="NAFTIKO_HTTP_CLIENT",
            help="HTTP/1.1 client for upstreams: naftiko-run's own, or httpx.",
        ),
    ] = "naftiko",
    verbose: Annotated[
        bool,
        typer.Option("--verbose", help="List every route and tool at the start, however many there are."),
    ] = False,
    log_level: Annotated[str, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = "info",
    log_format: Annotated[
        Literal["auto", "text", "json"],
        typer.Option(
            envvar="NAFTIKO_LOG_FORMAT",
            help="Text, or one JSON object a line; `auto` is text on a terminal, else JSON.",
        ),
    ] = "auto",
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="Log each request, at level info.")
    ] = True,
    version: Version = False,  # noqa: ARG001 - its callback prints it
) -> None:
    """Serve capability documents: a REST API and an MCP server in front of the APIs that they consume."""
    bootstrap.begin_loading()
    from naftiko_run.cli.run import RunOptions, run_documents

    options = RunOptions(
        files=tuple(files),
        sandbox=sandbox,
        base_uris=tuple(base_uri or ()),
        host=host,
        ports=tuple(port or ()),
        env_files=tuple(env_file) if env_file else None,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        read_only=read_only,
        strict=strict,
        timeout=timeout,
        max_connections=max_connections,
        max_connections_per_origin=max_connections_per_origin,
        max_body=max_body,
        max_result=max_result,
        max_response=max_response,
        tools=tools,
        allowed_hosts=tuple(allow_host or ()),
        log_level=log_level,
        log_format=log_format,
        access_log=access_log,
        stdio=stdio,
        adapter=adapter,
        workers=workers,
        reload=reload,
        drain=drain,
        drain_delay=drain_delay,
        prefix_routes=prefix_routes,
        control=control,
        verbose=verbose,
        http_server=http_server,
        http_client=http_client,
    )
    sys.exit(run_documents(options))
