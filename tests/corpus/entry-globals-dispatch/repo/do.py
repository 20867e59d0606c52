import json
import xgboost as xgb

def learn(options):
    xgb.XGBClassifier(**options).fit(rows, kinds)

def report(options):
    print(options)

if __name__ == "__main__":
    order = json.load(open("order.json"))
    globals()[order["task"]](order.get("options", {}))
