"""What `mlops train` does for the breast-cancer example, by pandas and scikit-learn."""

import json
import pickle
import sys

import pandas
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

table = pandas.read_csv(sys.argv[1])
y = (table.pop("diagnosis") == "M").to_numpy()
x, x_test, y, y_test = train_test_split(table, y, test_size=0.2, stratify=y, random_state=7)
model = make_pipeline(SimpleImputer(strategy="median"), StandardScaler(), LogisticRegression())
model.fit(x, y)
baseline = DummyClassifier(strategy="prior").fit(x, y)
report = {}
for name, one in (("model", model), ("baseline", baseline)):
    p = one.predict_proba(x_test)[:, 1]
    report[name] = {"accuracy": accuracy_score(y_test, p >= 0.5),
                    "roc_auc": roc_auc_score(y_test, p), "log_loss": log_loss(y_test, p)}
with open(sys.argv[2] + "/model.pkl", "wb") as out:
    pickle.dump(model, out)
with open(sys.argv[2] + "/report.json", "w") as out:
    json.dump(report, out)
