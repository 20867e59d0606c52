from sklearn.linear_model import Ridge

class Stubborn(Ridge):
    def predict(self, rows):
        return super().predict(rows).round()

Stubborn(alpha=3).fit(rows, marks)
