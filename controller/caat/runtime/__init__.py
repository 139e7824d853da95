"""The service every bundle for `fastapi` carries: these modules are copied into it byte by byte.

It knows nothing of the controller and needs only FastAPI and uvicorn. Its modules import one
another relatively, because inside a bundle the package has another name and no parent.
"""
