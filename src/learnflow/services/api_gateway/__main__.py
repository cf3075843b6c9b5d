from learnflow.kit.serve import main

main("api-gateway")
