"""The page of the settings: options, environment variables and keys of documents."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Annotated, Any, Final, get_args, get_origin

from typer.models import ArgumentInfo, OptionInfo

from naftiko_run.cli.serve import serve_documents

_INTRODUCTION: Final = """\
# Settings

An option wins over an environment variable, that over the document, and that over the default.

## Options of naftiko-run

| option | default | meaning |
| --- | --- | --- |
"""
_IN_DOCUMENTS: Final = """
Sizes are written `10MiB`, `500KB` or `1048576`, times in seconds. A name of an adapter is its type or its namespace.

## Keys of documents

| key | where | instead of |
| --- | --- | --- |
| `address`, `port` | an adapter | `--host`, `--port` |
| `x-timeout` | a consumed operation, resource or entry; the nearest wins | `--timeout` |
| `x-maxResponse` | a consumed operation, resource or entry; the nearest wins | `--max-response` |
| `x-maxResult` | an MCP tool | `--max-result` |
| `management.scripting` | a control adapter | the limits of scripts: see [Scripts](scripts.md) |

`x-timeout`, `x-maxResponse` and `x-maxResult` win over the option: they say what one operation or tool needs.
`maxBinarySize` is the specification's own limit for binary responses.

## Environment variables

| variable | meaning |
| --- | --- |
| `NAFTIKO_HOST` | the address to listen on, without `--host` |
| `NAFTIKO_PORT_ADAPTER` | the port of an adapter, without `--port`: `NAFTIKO_PORT_REST`, `NAFTIKO_PORT_MY_TOOLS` |
| `NAFTIKO_CONTROL_ADDRESS`, `NAFTIKO_CONTROL_PORT` | where `naftiko health` and the other clients find a control adapter; also as `IKANOS_CONTROL_…`, and the port as `NAFTIKO_PORT_CONTROL` |
| `NAFTIKO_CONTROL_TOKEN`, `NAFTIKO_CONTROL_USER` | the credentials of these clients: a bearer token, or `NAME:PASSWORD` |
| `NAFTIKO_DOCUMENTS` | the documents and folders, separated as in `PATH`, that `naftiko_run.asgi:app` serves |
| `NAFTIKO_SCRIPTING` | `false` makes every script step fail, unless the document sets `management.scripting.enabled` |
| `NAFTIKO_STATE_KEY` | the key, of at least 32 bytes, that replicas share for questions to MCP clients: see [MCP](mcp.md) |
| `NAFTIKO_SERVICE_ACCOUNT` | the folder with the service account's token, instead of `/var/run/secrets/kubernetes.io/serviceaccount` |
| `NAFTIKO_HEALTH_PORTS` | the ports that the health check of the container image connects to (`8080 9090`) |
| `NAMESPACE_CLIENT_ID`, `NAMESPACE_CLIENT_SECRET` | the OAuth 2 client of a consumed namespace that declares none |
| `NAMESPACE_ACCESS_TOKEN` | the token of a consumed namespace whose `oauth2` block has neither a token nor an endpoint |
| `NAFTIKO_FETCH_MAX_SIZE`, `NAFTIKO_FETCH_TIMEOUT` | limits of a document at a URL, in bytes and seconds (10 MiB, 10 s) |
| `NAFTIKO_GITHUB_RAW_URL` | the server of `github:` documents, instead of `https://raw.githubusercontent.com` |
| `XDG_CACHE_HOME` | the folder in which copies of documents at URLs are kept (`~/.cache`) |
| `VAULT_ADDR`, `VAULT_TOKEN`, … | how to reach HashiCorp Vault: see [Bindings](bindings.md#vault) |
| `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY` | proxies for upstream calls, in upper or lower case |
| `SSL_CERT_FILE`, `SSL_CERT_DIR` | certificate authorities to trust instead of the public ones |
"""


def settings_page() -> str:
    """Return the page: a row for each option, then what has no option."""
    return "".join([_INTRODUCTION, *_rows(), _IN_DOCUMENTS])


def _rows() -> Iterator[str]:
    for name, parameter in inspect.signature(serve_documents, eval_str=True).parameters.items():
        option = _option(parameter.annotation)
        if option is None or option.is_eager:
            continue
        flag = next(iter(option.param_decls or ()), f"--{name.replace('_', '-')}")
        metavar = f" {option.metavar}" if option.metavar else _choices(parameter.annotation)
        text, written = _without_brackets(option.help or "")
        variable = f"`{option.envvar}`" if option.envvar else ""
        default = ", else ".join(filter(None, (variable, written or _default(parameter.default))))
        yield f"| {_cell(f'`{flag}{metavar}`')} | {default} | {_cell(text)} |\n"


def _option(annotation: Any) -> OptionInfo | None:
    """Return what an annotation says of an option; None for an argument."""
    found = [each for each in get_args(annotation) if isinstance(each, OptionInfo | ArgumentInfo)]
    return next((each for each in found if isinstance(each, OptionInfo)), None)


def _choices(annotation: Any) -> str:
    (kind, *_) = get_args(annotation) if get_origin(annotation) is Annotated else (annotation,)
    choices = [each for each in get_args(kind) if isinstance(each, str)]
    return f" {'|'.join(choices)}" if choices else ""


def _without_brackets(text: str) -> tuple[str, str]:
    """Return a help text without its `[env: …; default: …]`, and what that says of the default."""
    found = re.search(r"\s*\[(?:env: (?P<env>[^;\]]+))?(?:; )?(?:default: (?P<default>[^\]]+))?\]", text)
    if found is None:
        return text, ""
    parts = [f"`{found['env']}`" if found["env"] else "", found["default"] or ""]
    return text.replace(found[0], ""), ", else ".join(filter(None, parts))


def _default(value: Any) -> str:
    return f"`{value}`" if isinstance(value, str) and value else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
