"""POSIX extended patterns, ignoring case, as the server compiles them: by the C library, or translated."""
