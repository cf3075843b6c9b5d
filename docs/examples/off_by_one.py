prices = [3, 5, 8]
total = 0
for position in range(len(prices) + 1):
    total = total + prices[position]
print("Total:", total)
