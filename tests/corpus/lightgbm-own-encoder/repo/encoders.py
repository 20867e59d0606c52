from sklearn.preprocessing import LabelEncoder

class TableEncoder:
    def __init__(self, columns):
        self.coders = {name: LabelEncoder() for name in columns}

    def fit(self, table):
        for name, coder in self.coders.items():
            coder.fit(table[name])

    def transform(self, table):
        return table.assign(**{n: c.transform(table[n]) for n, c in self.coders.items()})
