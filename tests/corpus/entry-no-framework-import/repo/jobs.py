from builders import SmallBuilder

class Jobs:
    def __init__(self):
        self.builders = [SmallBuilder(8), SmallBuilder(16)]
        self.at = 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.at >= len(self.builders):
            raise StopIteration
        self.at += 1
        return self.builders[self.at - 1], "rows.npy"
