from learnflow.kit.serve import main

main("notification")
