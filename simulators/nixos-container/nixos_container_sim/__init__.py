"""A `nixos-container` whose containers are single processes.

The program is started for every command of every container, so its own start is what it costs: modules import
`re`, `json`, `signal`, `shutil` and their like only where a rare path needs them, or not at all.
"""
