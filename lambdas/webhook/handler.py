"""The same ASGI application, called with API Gateway's events."""

from mangum import Mangum

from services.webhook.entry import app

# Without lifespan: Mangum would start and stop the application around every request.
handler = Mangum(app, lifespan="off")
