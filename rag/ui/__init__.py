"""The page: Gradio, and nothing the rest of the product needs to know about."""
