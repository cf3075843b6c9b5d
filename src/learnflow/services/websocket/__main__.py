from learnflow.kit.serve import main

main("websocket")
