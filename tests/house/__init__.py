"""The shape, the language and the calls of the code stay within bounds."""
