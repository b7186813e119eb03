"""What start-up tells: adapters, routes, tools, what they call, and what is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import naftiko_run
from support.documents import PIPELINES, SHOP, small, written
from support.process import FREE_PORTS, READY, started
from support.terminal import shown_until, without_colours

VERSION = f"naftiko-run {naftiko_run.__version__}"


def _without_ports(lines: list[str]) -> list[str]:
    return [re.sub(r"(http://127\.0\.0\.1):\d+", r"\1:PORT", line) for line in lines]


def test_plain_lines_where_nobody_watches_and_what_is_missing() -> None:
    with started(PIPELINES, environment={"CUSTOMER_IO_PASS": "x"}) as process:
        assert _without_ports(process.lines) == [
            VERSION,
            f"capability Customer.io Pipelines API — Track  {PIPELINES}",
            "rest http://127.0.0.1:PORT  pipelines-track-rest",
            "route POST /v1/track -> pipelines-track.trackevent  POST https://cdp.customer.io/v1/track",
            "mcp http://127.0.0.1:PORT/mcp  pipelines-track-mcp",
            "tool track-event -> pipelines-track.trackevent  POST https://cdp.customer.io/v1/track",
            f"2 warnings; `naftiko validate {PIPELINES}` shows them",
            "missing CUSTOMER_IO_USER  needed by pipelines-track.trackevent",
            READY,
        ]


def test_every_document_is_told_with_all_that_it_exposes(tmp_path: Path) -> None:
    written(tmp_path, SHOP, "a.yaml")
    (tmp_path / "more").mkdir()
    written(tmp_path / "more", small("one", variable="ONE_TOKEN"), "b.yml")
    written(tmp_path, "not: a capability", "notes.txt")
    with started(tmp_path) as process:
        lines = _without_ports(process.lines)
    assert f"capability Shop  {tmp_path}/a.yaml" in lines
    assert f"capability one  {tmp_path}/more/b.yml" in lines
    assert "route DELETE /items/{id} -> shop.delete-item  DELETE https://shop.example/api/items/{id}" in lines
    assert "mcp http://127.0.0.1:PORT/shop-mcp/mcp  shop-mcp" in lines
    assert "tool one-tool -> one.get  GET https://one.example/of-one" in lines
    assert "missing SHOP_TOKEN  needed by shop.list-items, shop.add-item, shop.get-item and 3 more" in lines
    assert "missing ONE_TOKEN  needed by one.get" in lines


def test_what_is_left_out_is_told_with_its_place_and_how_to_mend_it(tmp_path: Path) -> None:
    text = SHOP.replace("call: shop.add-order}\n  - type", "call: shop.add-ordre}\n  - type", 1)
    text = text.replace("name: add-order, call: shop.add-order}", "name: add-order, call: shop.add-ordre}")
    document = written(tmp_path, text)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "shop.add-ordre" in each)
    refused = written(tmp_path, "- a list", "refused.yaml")
    with started(refused, document) as process:
        assert process.lines[0].startswith(f"{refused}:1:1: error[not-a-mapping] ")
        reason = "it calls `shop.add-ordre`, but `shop` has no operation `add-ordre`"
        assert f"route POST /orders not served: {reason}" in process.lines
        assert re.search(
            rf"^{re.escape(str(document))}:{line}:\d+: error\[unknown-operation\] .*{re.escape(reason)}$",
            process.text,
            re.MULTILINE,
        )
        assert "  hint: did you mean `shop.add-order`?" in process.lines


def test_what_was_only_mended_is_counted_and_what_does_not_work_is_told(tmp_path: Path) -> None:
    text = SHOP.replace("naftiko: 1.0.0-alpha2", "naftiko: 1.0.0-alpha1")
    text = text.replace(
        "{name: add-order, description: Order something, call: shop.add-order}", "{name: later}"
    )
    document = written(tmp_path, text)
    with started(document, "--sandbox") as process:
        assert f"1 warning; `naftiko validate {document}` shows it" in process.lines
        assert "tool later not served: it has no `call`, `steps` or `ref`, so there is nothing to run" in (
            process.lines
        )
        assert "warning[not-runnable]" in process.text
        assert "older-version" not in process.text


def test_what_is_listed_though_every_call_fails_is_told_so(tmp_path: Path) -> None:
    sealed = small("one").replace("    resources:", "    authentication: {type: sealed}\n    resources:", 1)
    with started(written(tmp_path, sealed)) as process:
        (line,) = [line for line in process.lines if line.startswith("tool one-tool ")]
    told = "tool one-tool -> one.get  GET https://one.example/of-one  cannot be called: `one` authenticates with `sealed`"
    assert line.startswith(told)


def test_colours_and_columns_on_a_terminal() -> None:
    shown = shown_until(READY, PIPELINES, "--sandbox", *FREE_PORTS)
    assert "\x1b[" in shown
    plain = without_colours(shown)
    assert f"{VERSION} (sandbox: nothing is sent to any upstream)" in plain
    assert "POST /v1/track" in plain
    assert "track-event" in plain
    assert "pipelines-track.trackevent" in plain


@pytest.mark.parametrize("columns", [80, 120])
def test_long_names_are_folded_and_nothing_is_cut_on_a_terminal(tmp_path: Path, columns: int) -> None:
    name = "a_tool_whose_name_is_about_as_long_as_clients_take_names_to_be"
    document = written(tmp_path, small("one").replace("one-tool", name))
    shown = without_colours(shown_until(READY, document, "--sandbox", *FREE_PORTS, columns=columns))
    lines = shown.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("  a_tool"))
    assert "…" not in shown
    assert name in "".join(line[2:].partition(" ")[0] for line in lines[at : at + 2])
    assert all(len(line) <= columns for line in lines[at : at + 2])


def test_a_bad_document_is_shown_in_colours_on_a_terminal(tmp_path: Path) -> None:
    shown = shown_until("hint:", written(tmp_path, "a: [1"))
    assert "\x1b[" in shown
    assert "error[yaml-syntax]" in without_colours(shown)


def test_an_adapter_that_nothing_exposes_is_told_with_its_place(tmp_path: Path) -> None:
    document = written(
        tmp_path, PIPELINES.read_text(encoding="utf-8") + "  - type: mpc\n    namespace: slip\n"
    )
    with started(document, "--sandbox") as process:
        (line,) = [line for line in process.lines if "unknown-adapter" in line]
        assert re.search(
            r"shop\.yaml:82:\d+: warning\[unknown-adapter\] `slip` is not served: the mpc adapter is not installed",
            line,
        )
        assert "  hint: did you mean `type: mcp`?" in process.lines


def many(folder: Path, number: int) -> Path:
    for each in range(number):
        written(folder, small(f"n{each}", path=f"/n{each}", variable=f"TOKEN_{each}"), f"{each:03}.yaml")
    return folder


def test_many_capabilities_are_summarized_by_port(tmp_path: Path) -> None:
    with started(many(tmp_path, 40), "--sandbox") as process:
        assert _without_ports(process.lines) == [
            f"{VERSION} (sandbox: nothing is sent to any upstream)",
            "40 capabilities; --verbose lists them",
            "rest http://127.0.0.1:PORT  40 routes of 40 capabilities",
            "mcp http://127.0.0.1:PORT  40 tools of 40 capabilities  each at /NAMESPACE/…",
            "40 warnings in 40 documents; `naftiko validate` shows them",
            READY,
        ]


def test_verbose_lists_every_route_and_tool(tmp_path: Path) -> None:
    with started(many(tmp_path, 40), "--sandbox", "--verbose") as process:
        assert "tool n39-tool -> n39.get  GET https://n39.example/of-n39" in process.lines
        assert sum(line.startswith("capability ") for line in process.lines) == 40


def test_missing_variables_of_many_capabilities_are_counted(tmp_path: Path) -> None:
    with started(many(tmp_path, 40)) as process:
        assert sum(line.startswith("missing ") for line in process.lines) == 5
        assert "and 35 more variables that are not set" in process.lines


def test_many_routes_of_few_capabilities_are_counted(tmp_path: Path) -> None:
    route = "    - path: /things\n      operations:\n      - {name: get, method: GET, call: one.get}\n"
    routes = "".join(route.replace("/things", f"/things/{number}") for number in range(70))
    document = written(tmp_path, small("one").replace(route, routes))
    with started(document, "--sandbox") as process:
        lines = _without_ports(process.lines)
    assert "rest http://127.0.0.1:PORT  one-rest  70 routes" in lines
    assert "mcp http://127.0.0.1:PORT/mcp  one-mcp  1 tool" in lines
    assert not any(line.startswith("route ") for line in lines)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_summary_fits_on_a_terminal(tmp_path: Path, columns: int) -> None:
    shown = without_colours(shown_until(READY, many(tmp_path, 40), "--sandbox", *FREE_PORTS, columns=columns))
    assert "40 tools of 40 capabilities" in shown
    assert all(len(line) <= columns for line in shown.splitlines())
