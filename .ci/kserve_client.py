"""The KServe SDK's REST client against a server that runs already, which triton_client.py trained
before: `kserve_client.py http://127.0.0.1:PORT`. Needs `kserve`, and nothing of this repository."""

import asyncio
import json
import sys
from typing import Any
from urllib.request import Request, urlopen

import httpx
import numpy as np
from kserve import InferenceRESTClient, InferInput, InferRequest
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.3, 2.9, 5.6, 1.8]]


def predicted(server: str, model_type: str, model_id: int) -> Any:
    ask = {"model_type": model_type, "model_id": model_id, "features": ROWS}
    headers = {"Content-Type": "application/json"}
    with urlopen(Request(f"{server}/predict", json.dumps(ask).encode(), headers)) as answer:
        return json.loads(answer.read())["predictions"]


def same(found: Any, wanted: Any, what: str) -> None:
    if found != wanted:
        raise SystemExit(f"FAILED  kserve: {what}: {found!r:.300} instead of {wanted!r:.300}")


async def main(server: str) -> None:
    done = 0
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=30))
    same(await client.is_server_live(server), True, "live")
    same(await client.is_server_ready(server), True, "ready")
    for model_type in ("decision_tree", "gauss_naive_bayes", "svm", "pca", "kmeans"):
        same(await client.is_model_ready(server, model_type), True, f"{model_type} is ready")
        wanted = predicted(server, model_type, 1)
        for binary in (False, True):
            tensor = InferInput("X", [2, 4], "FP64")
            tensor.set_data_from_numpy(np.array(ROWS), binary_data=binary)
            asked = [RequestedOutput("predict", parameters={"binary_data": binary})]
            ask = InferRequest(model_type, [tensor], request_id="42", request_outputs=asked)
            answer = await client.infer(server, ask, model_name=model_type)
            same(answer.id, "42", "the id")
            (output,) = answer.outputs
            found = output.as_numpy()
            texts = [one.decode() if isinstance(one, bytes) else one for one in found.ravel()]
            same(texts if found.dtype == object else found.tolist(), wanted, model_type)
            done += 1
    same(await client.is_model_ready(server, "nix"), False, "an unknown model")
    try:
        await client.infer(server, {"inputs": []}, model_name="svm")
    except httpx.HTTPStatusError as error:
        same("at least one tensor is needed" in str(error), True, str(error))
    else:
        raise SystemExit("FAILED  kserve: no tensor was not refused")
    await client.close()
    print(f"ok      kserve: {done} answers as wanted")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
