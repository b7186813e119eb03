"""Translation of common extensions to RFC 9535: Jayway's operators and functions, and unquoted names.

``@.a in [1, 2]`` becomes a call of a function that ``functions`` defines, and
``.first-name`` becomes ``["first-name"]``. Functions at the end of a path, such
as ``.max()``, split it: they apply to the result of the path before them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from naftiko_run.expressions.jsonpath.functions import JAYWAY_PREFIX, PATH_FUNCTIONS, compile_regex
from naftiko_run.expressions.jsonpath.simple import NAME, JsonPathError

_SPACE = re.compile(r"[ \t\n\r]*")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_SHORT = re.compile(r"[^\W\d]\w*")
_MEMBER = re.compile(rf"(\.\.?)(?:(\*)|({NAME}))")
_MEMBER_IN_FILTER = re.compile(r"""(\.\.?)(?:(\*)|([^\s.\[\]*?()'",`=!<>~&|]+))""")
_CALL = re.compile(r"\.([A-Za-z_]\w*)\([ \t\n\r]*\)")
_OPERATOR = re.compile(r"(in|nin|subsetof|anyof|noneof|contains|size|empty)(?![\w(])|=~")
_SIGN = re.compile(r"[=!<>]=|&&|\|\|")
_PATTERN = re.compile(r"/((?:[^/\\\n]|\\.)*)/([a-zA-Z]*)")
_LIST = re.compile(r"""\[(?:[^'"\[\]]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\]""", re.DOTALL)
_WORD = re.compile(r"[A-Za-z0-9_+.-]+")
_NAME_IN_BRACKETS = re.compile(r"[^\W\d][\w-]*")


@dataclass(slots=True)
class PathStage:
    """A part of a path: a query in RFC 9535, or a function that is applied to the result of the previous part.

    Attributes:
        function: The name of the function; empty for a query.
        pieces: The text of the query; each piece with its position in the original path.
    """

    function: str = ""
    pieces: list[tuple[str, int]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text of the query."""
        return "".join(text for text, _ in self.pieces)

    def original_index(self, index: int) -> int:
        """Return the position in the original path of a character of the query."""
        for text, place in self.pieces:
            if index < len(text):
                return place + index
            index -= len(text)
        return self.pieces[-1][1] + len(self.pieces[-1][0]) if self.pieces else 0


def translate(path: str) -> list[PathStage]:
    """Translate a normalized path.

    Returns:
        Its stages; the first is a query.

    Raises:
        JsonPathError: A part of the path is invalid in both dialects.
    """
    return _Translator(path).stages()


class _Translator:
    def __init__(self, path: str) -> None:
        self._path = path
        self._at = 1
        self._pieces: list[tuple[str, int]] = [("$", 0)]

    def stages(self) -> list[PathStage]:
        found = []
        while True:
            self._steps(_MEMBER)
            called = _CALL.match(self._path, self._at)
            if called is None:
                break
            found += [PathStage(pieces=self._pieces), PathStage(self._function(called))]
            self._at = called.end()
            self._pieces = [("$", called.end() - 1)]
        if self._at < len(self._path):
            raise self._fault(f"unexpected `{self._path[self._at]}`")
        return [*found, PathStage(pieces=self._pieces)]

    def _function(self, called: re.Match[str]) -> str:
        if called[1] not in PATH_FUNCTIONS:
            raise JsonPathError(
                self._path,
                f"unknown function `{called[1]}()`",
                called.end() - 1,
                f"the functions are {', '.join(f'{name}()' for name in PATH_FUNCTIONS)}",
            )
        return called[1]

    def _steps(self, member: re.Pattern[str]) -> None:
        """Translate names and brackets, up to anything else."""
        while True:
            space = _SPACE.match(self._path, self._at)
            after = space.end() if space else self._at
            if self._path.startswith((".[", "["), after):
                self._copy(after)
                self._at += self._path[after] == "."
                self._bracket()
            elif self._path.startswith("..[", after):
                self._copy(after + 2)
                self._bracket()
            elif _CALL.match(self._path, after) is None and (found := member.match(self._path, after)):
                self._copy(after)
                self._member(found)
            else:
                return

    def _member(self, found: re.Match[str]) -> None:
        dots, wild, name = found.groups()
        if wild or _SHORT.fullmatch(name):
            self._copy(found.end())
            return
        if not re.search(r"\w", name):
            raise JsonPathError(
                self._path,
                f"unexpected `{name}`",
                found.start(3),
                f"quote names of punctuation: `['{name}']`",
            )
        self._pieces.append((f"{'..' if dots == '..' else ''}[{json.dumps(name)}]", found.start()))
        self._at = found.end()

    def _bracket(self) -> None:
        """Translate a bracket: filters; quoted names, indexes and slices are copied."""
        self._copy(self._at + 1)
        while self._at < len(self._path):
            letter = self._path[self._at]
            if letter == "]":
                self._copy(self._at + 1)
                return
            if letter == "?":
                self._copy(self._at + 1)
                self._filter()
            elif letter in "'\"":
                self._quoted()
            elif letter == "(":
                raise self._fault("an expression is not an index", "write `[-1]` for the last element")
            elif name := _NAME_IN_BRACKETS.match(self._path, self._at):
                self._pieces.append((json.dumps(name.group()), self._at))
                self._at = name.end()
            else:
                self._copy(self._at + 1)
        raise self._fault("a bracket is not closed")

    def _filter(self) -> None:
        """Translate a filter, up to the closing bracket or comma."""
        depth = 0
        operand: int | None = None  # the index of the first piece of the operand before an operator
        while self._at < len(self._path):
            letter = self._path[self._at]
            if depth == 0 and letter in "],":
                return
            operator = _OPERATOR.match(self._path, self._at)
            if letter in " \t\n\r":
                self._copy(self._at + 1)
            elif operator is not None and operand is not None:
                self._operation(operator, operand)
                operand = None
            elif self._is_operand():
                operand = len(self._pieces)
                self._operand()
            else:
                depth += (letter == "(") - (letter == ")")
                operand = None
                self._sign()

    def _sign(self) -> None:
        """Translate an operator of the RFC, also in jsonpath-ng's form with a single character."""
        sign = _SIGN.match(self._path, self._at)
        end = sign.end() if sign else self._at + 1
        if self._path[self._at : end] in ("=", "&"):
            self._pieces.append((self._path[self._at], self._at))
        self._copy(end)

    def _is_operand(self) -> bool:
        letter = self._path[self._at]
        return letter in "@$'\"" or (_WORD.match(self._path, self._at) is not None)

    def _operand(self) -> None:
        letter = self._path[self._at]
        if letter in "'\"":
            self._quoted()
        elif letter in "@$":
            begin = len(self._pieces)
            self._copy(self._at + 1)
            self._steps(_MEMBER_IN_FILTER)
            if called := _CALL.match(self._path, self._at):
                name = self._function(called)
                name = "length" if name in ("length", "size") else f"{JAYWAY_PREFIX}{name}_of"
                self._pieces.insert(begin, (f"{name}(", called.start(1)))
                self._pieces.append((")", called.end() - 1))
                self._at = called.end()
        elif word := _WORD.match(self._path, self._at):
            self._copy(word.end())

    def _operation(self, operator: re.Match[str], operand: int) -> None:
        name = "like" if operator.group() == "=~" else operator.group()
        place = operator.start()
        self._pieces.insert(operand, (f"{JAYWAY_PREFIX}{name}(", place))
        self._at = operator.end()
        self._pieces.append((",", place))
        space = _SPACE.match(self._path, self._at)
        self._at = space.end() if space else self._at
        if name == "like":
            self._pattern()
        elif self._path.startswith("[", self._at):
            self._list()
        elif self._at < len(self._path) and self._is_operand():
            if name in ("in", "nin", "subsetof", "anyof", "noneof") and self._path[self._at] not in "@$":
                raise self._fault(f"`{name}` requires a list", f"for example `{name} ['a', 'b']`")
            self._operand()
        else:
            raise self._fault(f"`{operator.group()}` has no right operand")
        self._pieces.append((")", self._at - 1))

    def _pattern(self) -> None:
        """Encode a pattern, its flags, and whether it matches the whole text: Java's does, a quoted one does not."""
        if found := _PATTERN.match(self._path, self._at):
            pattern, flags, whole = found[1].replace("\\/", "/"), found[2], True
        elif found := _QUOTED.match(self._path, self._at):
            pattern, flags, whole = found.group()[1:-1], "", False
        else:
            raise self._fault("`=~` requires a pattern", "for example `[?@.name =~ /ann.*/i]`")
        try:
            compile_regex(pattern, flags, whole=whole)
        except ValueError as fault:
            raise self._fault(str(fault)) from None
        self._pieces.append((json.dumps(json.dumps([pattern, flags, whole])), self._at))
        self._at = found.end()

    def _list(self) -> None:
        found = _LIST.match(self._path, self._at)
        elements = found and _QUOTED.sub(lambda text: json.dumps(_unquoted(text.group())), found.group())
        try:
            written = json.dumps(json.loads(elements or ""))
        except ValueError:
            raise self._fault(
                "this is not a list of values", "write text in quotes: `in ['a', 'b', 1]`"
            ) from None
        self._pieces.append((json.dumps(written), self._at))
        self._at = found.end() if found else self._at

    def _quoted(self) -> None:
        found = _QUOTED.match(self._path, self._at)
        if found is None:
            raise self._fault("a quote is not closed")
        self._copy(found.end())

    def _copy(self, end: int) -> None:
        self._pieces.append((self._path[self._at : end], self._at))
        self._at = end

    def _fault(self, reason: str, hint: str = "") -> JsonPathError:
        return JsonPathError(self._path, reason, self._at, hint)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
