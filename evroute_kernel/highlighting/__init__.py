"""Colours for scripts and cells, for Pygments, JupyterLab and VS Code, from one table.

`rules` is the table: an automaton that reads a cell token by token. `lexer` runs it in Pygments, `javascript` and
`textmate` write it for browsers and editors, `classes` says what each class of token is called there. `words` gathers
the names that scripts use; `generated` holds what it found, so that Pygments need import nothing heavy.

`python -m evroute_kernel.highlighting` writes every generated file anew.
"""
