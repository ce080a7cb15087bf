"""Lambda entry point of the webhook: runs the ASGI application on API Gateway events."""

from mangum import Mangum

from services.webhook.entry import app

# Without lifespan: Mangum would start and stop the application for every request.
handler = Mangum(app, lifespan="off")
