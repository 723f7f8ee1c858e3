"""Work over the files of strangers, in a process of its own: what hangs, crashes or eats memory there costs one file.

process  the worker as the app sees it: started, asked, bounded, ended
worker   what runs in it
tasks    what it can be asked to do: a file to Markdown, Markdown to chunks
wire     how the two speak
reader   workers kept at hand from one file to the next
"""

from __future__ import annotations

from .process import Worker, WorkLimits
from .reader import FileReader, InProcessReader, Split, WorkerReader, to_markdown

__all__ = ["FileReader", "InProcessReader", "Split", "WorkLimits", "Worker", "WorkerReader", "to_markdown"]
