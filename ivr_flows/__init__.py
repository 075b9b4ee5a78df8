"""The caller's door: everything somebody on the telephone hears, and every webhook the carrier sends.

`flow` says what a conversation is made of, `engine` plays it (pure), `loader` and `shelf` bring it from the
city's TOML files, `prompts` gives it words, `twiml` writes it down for the carrier, `door` and the three
webhook modules connect it to the application. `lint` refuses flows in which callers would be lost, `picture` draws them, `plays`
tells calls on paper and plays them again.
"""
