"""An ephemeral GitHub Actions runner: it serves one job of the simulated GitHub, then exits.

Only what a container needs to start fast is imported at the top of a module: `re`, `argparse`, `dataclasses`,
`typing`, `http.client` and `ssl` each cost more than the rest of the program.
"""
