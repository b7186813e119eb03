"""``naftiko-run`` and ``naftiko run``: the options, which ``cli.run`` does what is to be done with."""

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
  naftiko-run my.yaml --stdio
"""


def serve_documents(
    files: Files,
    *,
    sandbox: Annotated[
        bool,
        typer.Option(
            "--sandbox", help="Send nothing: answer every consumed call in-process and show the request."
        ),
    ] = False,
    base_uri: Annotated[
        list[str] | None,
        typer.Option(metavar="NAMESPACE=URL", help="Call a consumed namespace elsewhere. Repeatable."),
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
            help="Serve only what is so named: a tool, route, resource or prompt, as NAME, NAMESPACE.NAME or "
            "'METHOD /path'. Repeatable.",
        ),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Serve nothing that is so named. Repeatable.")
    ] = None,
    read_only: Annotated[
        bool,
        typer.Option(
            "--read-only",
            help="Serve only what is hinted or known to change nothing.",
        ),
    ] = False,
    strict: Annotated[
        bool,
        typer.Option(
            "--strict",
            help="Refuse to start while a credential is missing or anything in a document cannot be served.",
        ),
    ] = False,
    timeout: Annotated[
        str,
        typer.Option(
            metavar="SECONDS",
            help="How long a call of an upstream may take until its answer is whole; of what streams, each pause.",
        ),
    ] = "30",
    max_connections: Annotated[
        str, typer.Option(metavar="N", help="The most connections to all upstreams, of each process.")
    ] = "512",
    max_connections_per_origin: Annotated[
        str, typer.Option(metavar="N", help="The most connections to one upstream, of each process.")
    ] = "256",
    max_body: Annotated[
        str, typer.Option(metavar="SIZE", help="The largest request body taken, such as 10MiB or 500KB.")
    ] = "10MiB",
    max_result: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="Cut MCP results that are longer, such as 100KB, by their structure. [default: no limit]",
            show_default=False,
        ),
    ] = "",
    max_response: Annotated[
        str,
        typer.Option(
            metavar="SIZE",
            help="The most of an upstream's response that is kept in memory, before and after decompression.",
        ),
    ] = "64MiB",
    tools: Annotated[
        Literal["all", "lazy"],
        typer.Option(
            help="Tell MCP clients of all tools, or of two: one that finds tools by words, one that calls them."
        ),
    ] = "all",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A host name that clients may use besides the address. Repeatable."
        ),
    ] = None,
    stdio: Annotated[
        bool,
        typer.Option(
            "--stdio", help="Serve one adapter as an MCP server on stdin and stdout, and listen on no port."
        ),
    ] = False,
    adapter: Annotated[
        str,
        typer.Option(
            metavar="NAMESPACE",
            help="The adapter that is served on stdin and stdout, where there are several.",
            show_default=False,
        ),
    ] = "",
    workers: Annotated[
        str,
        typer.Option(
            metavar="N", help="How many processes share the ports; `auto` for as many as there are cores."
        ),
    ] = "1",
    prefix_routes: Annotated[
        bool,
        typer.Option(
            "--prefix-routes",
            help="Serve the routes of each REST adapter below its namespace: /NAMESPACE/path.",
        ),
    ] = False,
    http_server: Annotated[
        Literal["naftiko", "uvicorn"],
        typer.Option(
            envvar="NAFTIKO_HTTP_SERVER",
            help="What speaks HTTP/1.1 with clients: naftiko-run itself, or uvicorn's protocol.",
        ),
    ] = "naftiko",
    http_client: Annotated[
        Literal["naftiko", "httpx"],
        typer.Option(
            envvar="NAFTIKO_HTTP_CLIENT",
            help="What speaks HTTP/1.1 with upstreams: naftiko-run itself, or httpx.",
        ),
    ] = "naftiko",
    log_level: Annotated[str, typer.Option(metavar="LEVEL", help="debug, info, warning or error.")] = "info",
    version: Version = False,  # noqa: ARG001 - its callback does the work
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
        stdio=stdio,
        adapter=adapter,
        workers=workers,
        prefix_routes=prefix_routes,
        http_server=http_server,
        http_client=http_client,
    )
    sys.exit(run_documents(options))
