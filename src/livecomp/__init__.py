"""Server-rendered live components for Django."""

__version__ = "0.1.0"
