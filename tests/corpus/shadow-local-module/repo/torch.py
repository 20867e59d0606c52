"""Light sources of the dungeon."""

class Torch:
    def backward(self):
        return "you see only darkness behind you"
