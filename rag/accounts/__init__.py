"""Identity and rights of whoever asks: actors, the secret a browser is known by, the user a proxy names.

For any front. Must not know the page, nor any other front.
"""
