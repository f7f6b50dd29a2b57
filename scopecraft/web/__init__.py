"""The pages that a person sees in a browser, rendered here; what they do goes through `scopecraft.api`."""
