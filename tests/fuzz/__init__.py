"""Random templates and state changes, many more than the ordinary tests try."""
