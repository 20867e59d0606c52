from sklearn.linear_model import ElasticNet

def fit_all(alpha):
    return ElasticNet(alpha=alpha).fit(houses, prices)
