"""Compiles templates: Django's node tree to one Python function for a plain render, and one for a live one."""

from livecomp.templating.compiler.template import CompiledTemplate, compile_template

__all__ = ["CompiledTemplate", "compile_template"]
