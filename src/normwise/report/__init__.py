"""Tables and figures made into the page."""
