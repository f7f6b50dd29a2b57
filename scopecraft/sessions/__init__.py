"""The unified session manager: it composes the layers below."""
