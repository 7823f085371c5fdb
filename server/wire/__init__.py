"""JSON and its structs, with the rules of numbers and the warnings about them."""
