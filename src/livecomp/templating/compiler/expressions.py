"""Python for variables, filters and conditions."""

from typing import Any

from django.template.base import FilterExpression, Variable
from django.template.smartif import Literal
from django.utils.safestring import mark_safe

from livecomp.templating.compiler.code import Code, Sink
from livecomp.templating.compiler.runtime import LOOP_HAS_LENGTH
from livecomp.templating.compiler.scopes import ForLoop, Scopes

_LOOP_PARTS = {
    "counter0": "{i}",
    "counter": "({i} + 1)",
    "revcounter": "({n} - {i})",
    "revcounter0": "({n} - {i} - 1)",
    "first": "({i} == 0)",
    "last": "({i} == {n} - 1)",
    "length": "{n}",
}
_INFIX = {"in", "not in", "is", "is not", "==", "!=", ">", ">=", "<", "<="}


class Expressions:
    """Writes the code that evaluates one expression of the template."""

    code: Code
    scopes: Scopes
    string = "S"
    integer = "I"
    write_value = ""  # what writes values where a `live-value-…` attribute stands

    @property
    def context(self) -> str:
        return self.scopes.context

    # Variables

    def root(self, variable: Variable) -> str:
        """A simple Python name (or constant) for the value of the variable's first name."""
        assert variable.lookups is not None
        source, _ = self.scopes.find(variable.lookups[0])
        if source.isidentifier():
            return source
        name = self.code.name("r")
        self.code.line(f"{name} = {source}")
        return name

    def loop_part(self, variable: Variable) -> str | None:
        """Source for `forloop.counter` and its like, where the loop is one of this template's own."""
        names = variable.lookups
        if not names or names[0] != "forloop":
            return None
        loop: ForLoop | None = self.scopes.loop()
        for name in names[1:-1]:
            if name != "parentloop" or loop is None:
                return None
            loop = loop.parent
        if loop is None or names[-1] not in _LOOP_PARTS or (names[-1] == "length" and not LOOP_HAS_LENGTH):
            return None
        return _LOOP_PARTS[names[-1]].format(i=loop.index, n=loop.length)

    def value(self, expression: FilterExpression, *, ignore: bool = False) -> str:
        """A Python name or constant for the expression's value, as `FilterExpression.resolve` gives it."""
        if not expression.filters:
            return self.named(self.variable(expression, ignore))
        name = self.code.name("x")
        if not self.can_be_invalid(expression, ignore):
            self.code.line(f"{name} = {self.chain(expression, ignore)}")
            return name
        with self.code.block("try:"):
            self.code.line(f"{name} = {self.chain(expression, ignore)}")
        with self.code.block("except Invalid as invalid:"):
            self.code.line(f"{name} = invalid.text")
        return name

    def named(self, source: str) -> str:
        if source.isidentifier():
            return source
        name = self.code.name("x")
        self.code.line(f"{name} = {source}")
        return name

    def can_be_invalid(self, expression: FilterExpression, ignore: bool) -> bool:
        if ignore or not expression.is_var or expression.var.lookups is None:
            return False
        return self.loop_part(expression.var) is None

    def variable(self, expression: FilterExpression, ignore: bool) -> str:
        """Source of the value of an expression's variable, without its filters."""
        if not expression.is_var:
            return self.constant(expression.var)
        variable = expression.var
        if variable.lookups is None:
            return self.literal(variable)
        part = self.loop_part(variable)
        if part is not None:
            return part
        function = "value_or_none" if ignore else "value_of"
        return self.quick(variable, f"{function}({{}}, {self.code.constant(expression, 'expression')}, {self.context})")

    def quick(self, variable: Variable, slow: str) -> str:
        """Source of a variable's value, which ``slow`` gives from the value of its first name."""
        assert variable.lookups is not None
        root = self.root(variable)
        slow = slow.format(root)
        part = self.scopes.part(variable.lookups)
        if part is not None:
            return f"({part} if {part} is not MISSING else {slow})"
        return f"({root} if {root}.__class__ in ATOMS else {slow})" if len(variable.lookups) == 1 else slow

    def literal(self, variable: Variable) -> str:
        if variable.translate:
            return f"{self.code.constant(variable, 'variable')}.resolve({self.context})"
        return self.constant(variable.literal)

    def constant(self, value: Any) -> str:
        if value.__class__ is int and value >= 0:
            return str(value)
        return self.code.constant(value, "constant")

    def start(self, expression: FilterExpression, ignore: bool) -> str:
        """Source of a variable that is to pass through filters. May raise `Invalid` where `ignore` is not set."""
        if not self.can_be_invalid(expression, ignore):
            return self.variable(expression, ignore)
        known = self.code.constant(expression, "expression")
        return self.quick(expression.var, f"to_filter({{}}, {known}, {self.context})")

    def chain(self, expression: FilterExpression, ignore: bool) -> str:
        """Source of a variable passed through its filters. May raise `Invalid` where `ignore` is not set."""
        source = self.start(expression, ignore)
        for function, arguments in expression.filters:
            source = self.filtered(function, source, arguments)
        return source

    def filtered(self, function: Any, source: str, arguments: list[tuple[bool, Any]]) -> str:
        known = self.code.constant(function, "filter_" + (getattr(function, "_filter_name", "") or "other"))
        given = [self.argument(lookup, value) for lookup, value in arguments]
        if getattr(function, "expects_localtime", False):
            source = f"template_localtime({source}, {self.context}.use_tz)"
        if getattr(function, "needs_autoescape", False):
            given.append(f"autoescape={self.context}.autoescape")
        if getattr(function, "is_safe", False):
            return f"safe_filter({', '.join([known, source, *given])})"
        return f"{known}({', '.join([source, *given])})"

    def argument(self, lookup: bool, value: Any) -> str:
        if not lookup:
            return self.constant(mark_safe(value))
        if value.lookups is None:
            return self.literal(value)
        part = self.loop_part(value)
        if part is not None:
            return part
        return self.quick(value, f"argument({{}}, {self.code.constant(value, 'variable')}, {self.context})")

    # Text

    def watched(self, source: str) -> str:
        """Source of a text that may hold markup. Live templates look at such texts."""
        return source

    def shown(self, name: str) -> str:
        """Source of the text of a value in a Python local."""
        slow = self.watched(f"as_text({name}, {self.context})")
        return f"E[{name}] if {name}.__class__ is {self.string} else {name} if {name}.__class__ is {self.integer} else {slow}"

    def show(self, expression: FilterExpression, sink: Sink) -> None:
        """`{{ expression }}`."""
        variable, writer = expression.var, self.write_value or "as_text"
        if self.write_value and (expression.filters or not expression.is_var or variable.lookups is None):
            return self.show_value(expression, sink)
        if expression.filters:
            return self.show_filtered(expression, sink)
        if not expression.is_var or variable.lookups is None:
            source = self.named(self.variable(expression, ignore=False))
            return sink.expression(self.watched(f"as_text({source}, {self.context})"))
        integer = "int" if self.write_value else self.integer
        part = self.loop_part(variable)
        if part is not None:
            source = self.named(part)
            return sink.expression(
                f"{source} if {source}.__class__ is {integer} else {writer}({source}, {self.context})"
            )
        source, _ = self.scopes.find(variable.lookups[0])
        if not source.isidentifier() or self.scopes.hoist_at is None:
            sink.settle()
            source = self.root(variable)
        known = self.code.constant(expression, "expression")
        slow = f"variable_text({source}, {known}, {self.context})"
        if self.write_value:
            slow = f"{writer}(value_of({source}, {known}, {self.context}), {self.context})"
        fetched = self.scopes.part(variable.lookups)
        if fetched is not None:
            slow = f"{writer}({fetched}, {self.context}) if {fetched} is not MISSING else {slow}"
            source = fetched
        elif len(variable.lookups) > 1:
            return sink.expression(self.watched(slow))
        texts = "V" if self.write_value == "write_whole" else "E"
        sink.expression(
            f"{texts}[{source}] if {source}.__class__ is {self.string}"
            f" else {source} if {source}.__class__ is {integer} else {self.watched(slow)}"
        )

    def show_value(self, expression: FilterExpression, sink: Sink) -> None:
        """`{{ expression }}` in a `live-value-…` attribute, where it is more than a variable."""
        sink.settle()
        sink.expression(self.watched(f"{self.write_value}({self.value(expression)}, {self.context})"))

    def show_filtered(self, expression: FilterExpression, sink: Sink) -> None:
        sink.settle()
        value, text = self.code.name("x"), self.code.name("t")
        with self.code.block("try:"):
            self.code.line(f"{value} = {self.chain(expression, ignore=False)}")
        with self.code.block("except UnicodeDecodeError:"):
            self.code.line(f'{text} = ""')
        if self.can_be_invalid(expression, ignore=False):
            with self.code.block("except Invalid as invalid:"):
                self.code.line(f"{text} = {self.watched(f'as_text(invalid.text, {self.context})')}")
        with self.code.block("else:"):
            self.code.line(f"{text} = {self.shown(value)}")
        sink.expression(text, active=False)

    # Conditions

    def condition(self, test: Any) -> str:
        """A Python name for the value of an `{% if %}`'s condition."""
        name = self.code.name("c")
        if isinstance(test, Literal) and not self.has_variable_argument(test.value):
            self.operand(test, name)
        elif isinstance(test, Literal):
            with self.code.block("try:"):
                self.operand(test, name)
            with self.code.block("except VariableDoesNotExist:"):
                self.code.line(f"{name} = None")
        else:
            self.operand(test, name)
        return name

    def has_variable_argument(self, expression: Any) -> bool:
        return any(lookup for _, arguments in expression.filters for lookup, _ in arguments)

    def operand(self, test: Any, name: str) -> None:
        """Assign the value of one operand or operator to a name."""
        if isinstance(test, Literal):
            value: Any = test.value
            source = self.chain(value, ignore=True) if value.filters else self.variable(value, True)
            return self.code.line(f"{name} = {source}")
        with self.code.block("try:"):
            self.operator(test, name)
        with self.code.block("except Exception:"):
            self.code.line(f"{name} = False")

    def operator(self, test: Any, name: str) -> None:
        self.operand(test.first, name)
        if test.id == "not":
            self.code.line(f"{name} = not {name}")
        elif test.id in ("or", "and"):
            with self.code.block(f"if {'not ' if test.id == 'or' else ''}{name}:"):
                self.operand(test.second, name)
        else:
            assert test.id in _INFIX, test.id
            second = self.code.name("c")
            self.operand(test.second, second)
            self.code.line(f"{name} = {name} {test.id} {second}")
