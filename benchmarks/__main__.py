"""``python -m benchmarks``: the figures of speed."""

from benchmarks.speed import main

if __name__ == "__main__":
    main()
