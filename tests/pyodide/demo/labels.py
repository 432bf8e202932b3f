NAMES = ["dark", "bright"]
