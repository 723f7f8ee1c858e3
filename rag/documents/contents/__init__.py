"""What a document holds, told from its chunks: tables with their rows, links, headings. Pure.

tables    its tables, each in one piece again where it was cut
leads     documents that the links of a passage lead to
summary   all of it in short, to count
"""
