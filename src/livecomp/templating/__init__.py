"""Rendering: Django templates compiled to Python, and patches for what changed."""

from livecomp.templating.compiler import CompiledTemplate, compile_template
from livecomp.templating.describe import describe_targets
from livecomp.templating.memory import RenderMemory
from livecomp.templating.render import Host, Rendering

__all__ = ["CompiledTemplate", "Host", "RenderMemory", "Rendering", "compile_template", "describe_targets"]
