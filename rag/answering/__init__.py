"""A question to an answer, as events: search query, prompt, generation or extraction, checked citations.

No Gradio, no Milvus, no OpenAI: parts come in as protocols.
"""
