"""``python -m server``: the server, as the add-on starts it."""

import argparse
import sys

from server.command_line import add_serve_arguments, run_serve

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m server", description="Serve the API.")
    add_serve_arguments(parser)
    sys.exit(run_serve(parser.parse_args()))
