"""The page, made with Gradio; nothing the rest of the product needs to know about."""
