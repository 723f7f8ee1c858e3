"""Files to documents: sources (`files/`), other formats to Markdown (`convert/`), Markdown to chunks (`chunking/`).

No models, no Milvus, no page.
"""
