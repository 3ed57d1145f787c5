"""The kinds of response, a module each, of their name; see `normwise.data.response_kind`."""
