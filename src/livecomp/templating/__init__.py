"""Rendering: Django templates compiled to Python, and patches for what changed."""

from livecomp.templating.compiler import CompiledTemplate, compile_template
from livecomp.templating.describe import describe_targets
from livecomp.templating.render import Host, Rendering, RenderMemory

__all__ = ["CompiledTemplate", "Host", "RenderMemory", "Rendering", "compile_template", "describe_targets"]
