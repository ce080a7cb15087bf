"""The CDK stack that deploys `services`, `lambdas` and the dashboard to AWS."""
