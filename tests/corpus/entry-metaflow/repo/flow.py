from metaflow import FlowSpec, step

class Prices(FlowSpec):
    @step
    def start(self):
        self.next(self.fit)

    @step
    def fit(self):
        from sklearn.linear_model import Ridge
        self.model = Ridge().fit(self.rows, self.marks)

if __name__ == "__main__":
    Prices()
